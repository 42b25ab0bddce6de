"""A workspace made from a seed: readable names, and leads so spread that every filter selects something.

EU prospects 35 % · US prospects 25 % · Trade fair 10 %  (lists)
Q4 outreach 20 % · Win-back 10 % · New year launch 0 %   (campaigns)
"""

from sandbox.leads import Lead
from sandbox.workspace import DAY, Place, Workspace

LISTS = (("EU prospects", 35), ("US prospects", 25), ("Trade fair", 10))
CAMPAIGNS = (("Q4 outreach", 20), ("Win-back", 10), ("New year launch", 0))
# address, warmup_status: one ready, one warm, one banned (-1), one more ready
ACCOUNTS = (("ana@example.com", 0), ("ben@example.com", 1), ("cleo@example.com", -1), ("dan@example.com", 0))
BLOCKED_DOMAIN = "blocked.example"
FIRST = ("Ada", "Bo", "Carla", "Dev", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jan", "Kemal", "Lena")
LAST = ("Adler", "Brandt", "Costa", "Dubois", "Eriksen", "Ferrari", "Garcia", "Horvat", "Ivanov", "Jansen")
COMPANY = ("Acme", "Borealis", "Cobalt", "Delta", "Ember", "Fjord", "Granite")
# Mostly Google and Microsoft, as mailboxes are; every other code at least once in 20
ESP = (1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 0, 3, 8, 9, 10, 12, 13, 999, 1000)
ESG = (None, None, None, None, 0, 1, 2, 3, 4)
VERIFICATION = (1, 1, 1, 1, 1, 1, -1, -2, -3, -4, 11, 12)
STATUS = (1, 1, 1, 1, 2, 3, 3, -1, -2, -3)
# Beyond -4..4 stand the custom labels
INTEREST = (None, None, None, 1, -1, 2, 3, 4, 0, -2, -3, -4, 5, -5)


def seeded(leads: int = 1_000, seed: int = 0, now: float = 0.0) -> Workspace:
    workspace = Workspace(seed)
    made = now - 90 * DAY
    for hour, (email, warmup) in enumerate(ACCOUNTS):
        workspace.add_account(email, warmup, made + hour * 3600)
    lists = [(workspace.add_list(name, made + n * DAY), share) for n, (name, share) in enumerate(LISTS)]
    campaigns = [(workspace.add_campaign(name, made + n * DAY), share) for n, (name, share) in enumerate(CAMPAIGNS)]
    workspace.blocked = {BLOCKED_DOMAIN, "ada.ferrari60@ember.example"}
    _fill(workspace, [*lists, *campaigns], leads, now)
    return workspace


def _fill(workspace: Workspace, shares: list[tuple[Place, int]], leads: int, now: float) -> None:
    """Deal leads out by share: the last place with a share takes what rounding leaves."""
    left, weight, number = leads, sum(share for _, share in shares), 0
    for place, share in shares:
        count = round(left * share / weight) if weight else 0
        left, weight = left - count, weight - share
        for _ in range(count):
            workspace.add_lead(_lead(workspace, place, number, now))
            number += 1


def _lead(workspace: Workspace, place: Place, n: int, now: float) -> Lead:
    who = _person(n, place)
    first, last, company = FIRST[who % 12], LAST[who // 12 % 10], COMPANY[who % 7]
    created = now - 60 * DAY + n * 0.01
    lead = Lead(workspace.new_id(), _address(who), first, last, company, created, created)
    lead.esp_code, lead.esg_code, lead.verification = ESP[n % 20], ESG[n % 9], VERIFICATION[n // 3 % 12]
    lead.enrichment = 11 if n % 25 == 0 else 1
    if place.kind == "list":
        lead.list_id = place.id
    else:
        lead.campaign = place.id
        _engage(lead, n, now, workspace)
    return lead


def _person(n: int, place: Place) -> int:
    """Some campaign leads are people who stand in a list too: the first 97 leads do."""
    return n % 97 if place.kind == "campaign" and n % 50 == 0 else n


def _address(who: int) -> str | None:
    """Some have no address, and some are blocked."""
    if (who + 1) % 400 == 0:
        return None
    host = BLOCKED_DOMAIN if (who + 50) % 200 == 0 else f"{COMPANY[who % 7].lower()}.example"
    return f"{FIRST[who % 12]}.{LAST[who // 12 % 10]}{who}@{host}".lower()


def _engage(lead: Lead, n: int, now: float, workspace: Workspace) -> None:
    """What a campaign did with it: sent, opened, clicked, answered, within the last month."""
    lead.status = STATUS[n % 10]
    lead.interest = INTEREST[n // 10 % 14]
    if (n + 1) % 4 == 0:
        return  # not contacted yet
    lead.contacted = now - (1 + n % 30) * DAY
    lead.opens, lead.clicks, lead.replies = n % 3, int(n % 7 == 0), int(n % 5 == 0)
    lead.opened = lead.contacted + 3600 if lead.opens else None
    lead.clicked = lead.contacted + 3700 if lead.clicks else None
    lead.replied = lead.contacted + 7200 if lead.replies else None
    lead.interest_changed = lead.contacted + 7300 if lead.interest is not None else None
    lead.subsequence = workspace.id if n % 11 == 0 else None
