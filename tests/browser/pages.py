"""Prefect's pages as a person uses them: the run form of a deployment, the page of a flow run."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.deployments.stage import PATIENCE

T = TypeVar("T")
# Nothing but loopback is spoken to, and no first-start page is shown.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1280,1400",
)
CHROMIUM, CHROMEDRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"


def chromium(profile: Path) -> webdriver.Chrome:
    """Debian's, with a profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    return webdriver.Chrome(options, webdriver.ChromeService(CHROMEDRIVER))


@dataclass(frozen=True)
class Page:
    """A page of the UI in a browser."""

    driver: webdriver.Chrome

    def find(self, xpath: str) -> WebElement:
        """An element that is there and shown, or soon will be."""

        def shown(driver: webdriver.Chrome) -> WebElement | None:
            return next((one for one in driver.find_elements(By.XPATH, xpath) if one.is_displayed()), None)

        return self.until(shown, f"nothing on the page is {xpath}")

    def until(self, there: Callable[[webdriver.Chrome], T | None], otherwise: str) -> T:
        wait = WebDriverWait(self.driver, PATIENCE, 0.1, ignored_exceptions=[StaleElementReferenceException])
        found = wait.until(there, otherwise)
        assert found is not None
        return found

    def reads(self, text: str) -> str:
        """Wait until the page shows a text; all that it shows then."""

        def read(driver: webdriver.Chrome) -> str | None:
            said = driver.find_element(By.TAG_NAME, "body").text
            return said if text in said else None

        return self.until(read, f"the page never said «{text}»")

    def click(self, text: str) -> None:
        pressed = "self::button or self::a or contains(@class, 'p-tab')"
        self.find(f"//*[{pressed}][normalize-space(.)='{text}']").click()

    def picture(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(file))


class RunForm(Page):
    """The run form of a deployment."""

    def write(self, label: str, text: str) -> None:
        self._field(label, "*[self::textarea or self::input]").send_keys(text)

    def choose(self, label: str, word: str) -> None:
        Select(self._field(label, "select")).select_by_visible_text(word)

    def choices(self, label: str) -> list[str]:
        return [option.text for option in Select(self._field(label, "select")).options]

    def submit(self) -> None:
        self.click("Submit")

    def editors(self) -> int:
        """Boxes that want JSON."""
        return len(self.driver.find_elements(By.CSS_SELECTOR, ".p-code-input, .cm-editor"))

    def _field(self, label: str, kind: str) -> WebElement:
        named = f"normalize-space(.)='{label}' or normalize-space(.)='{label} (Optional)'"
        around = "ancestor::div[contains(@class, 'schema-form-property')][1]"
        return self.find(f"//label[{named}]/{around}//{kind}")
