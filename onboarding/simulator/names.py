"""The names, offices and trades that Contoso's people are drawn from."""

from dataclasses import dataclass

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Office:
    """A place of work: what its people speak, and when they wake."""

    city: str
    country: str
    usage_location: str
    locale: str
    time_zone: str
    region: str


OFFICES = (
    Office("Seattle", "United States", "US", "en-US", "America/Los_Angeles", "amer"),
    Office("Berlin", "Germany", "DE", "de-DE", "Europe/Berlin", "emea"),
    Office("Madrid", "Spain", "ES", "es-ES", "Europe/Madrid", "emea"),
    Office("Paris", "France", "FR", "fr-FR", "Europe/Paris", "emea"),
    Office("São Paulo", "Brazil", "BR", "pt-BR", "America/Sao_Paulo", "amer"),
    Office("Tokyo", "Japan", "JP", "ja-JP", "Asia/Tokyo", "amer"),
    Office("Singapore", "Singapore", "SG", "en-US", "Asia/Singapore", "amer"),
    Office("Tel Aviv", "Israel", "IL", "he-IL", "Asia/Jerusalem", "emea"),
    Office("Dubai", "United Arab Emirates", "AE", "ar-AE", "Asia/Dubai", "emea"),
)
OFFICE_WEIGHTS = (28, 17, 9, 10, 10, 8, 9, 5, 4)


def _latin(words: str) -> tuple[Name, ...]:
    """Names whose mailbox form is the name without its accents; `|` gives another mailbox form."""
    pairs = (word.partition("|") for word in words.split())
    return tuple((shown, plain or shown) for shown, _, plain in pairs)


GIVEN: dict[str, tuple[Name, ...]] = {
    "en-US": _latin(
        "Megan Alex Lee Nestor Grady Isaiah Lynne Patti Johanna Henrietta Joni Miriam Pradeep"
        " Adele Diego Irvin Raul Allan Ben Emily Ashanti Wei Priya Jamal Mary-Ann Siobhán|siobhan"
    ),
    "de-DE": _latin(
        "Jürgen|juergen Anke Björn|bjoern Käthe|kaethe Lukas Franziska Søren|soren Hans-Peter"
        " Mareike Emre Zeynep Götz|goetz Ursula Ayşe|ayse Matthias"
    ),
    "es-ES": _latin(
        "Íñigo|inigo Lucía|lucia Álvaro|alvaro Nuria José|jose Begoña|begona Martín|martin"
        " María-José|maria-jose Ximena Rubén|ruben Carmen"
    ),
    "fr-FR": _latin(
        "Chloé|chloe Jean-François|jean-francois Aurélie|aurelie Noël|noel Zoé|zoe Hélène|helene"
        " Théo|theo Anaïs|anais Gaëlle|gaelle Baptiste"
    ),
    "pt-BR": _latin(
        "João|joao Conceição|conceicao Thiago Antônio|antonio Luísa|luisa Beatriz Caetano"
        " Fabrício|fabricio Inês|ines Vitória|vitoria"
    ),
    "ja-JP": _latin(
        "陽翔|haruto さくら|sakura 健太|kenta 美咲|misaki 蓮|ren 結衣|yui 翔太|shota 葵|aoi"
    ),
    "he-IL": _latin("נועם|noam תמר|tamar יובל|yuval שירה|shira איתי|itai מיכל|michal"),
    "ar-AE": _latin("محمد|mohammed فاطمة|fatima عمر|omar ليلى|layla خالد|khalid نورة|noura"),
}
FAMILY: dict[str, tuple[Name, ...]] = {
    "en-US": _latin(
        "O'Brien Wilber Gu Wilke Naidu Langer Fernandez Lorenz Smith-Jones MacDonald Vance"
        " Sayers Deyoung Okafor Nguyễn|nguyen Lidman Petulescu D'Angelo|dangelo Shaw Walker"
    ),
    "de-DE": _latin(
        "Müller|mueller Groß|gross Schäfer|schaefer Weiß|weiss Yıldız|yildiz Köhler|koehler"
        " Meyer-Lüdenscheid|meyer-luedenscheid Vogt Nowak Schmidt Öztürk|oeztuerk"
    ),
    "es-ES": _latin(
        "García|garcia Muñoz|munoz Núñez|nunez Ibáñez|ibanez Pérez-Reverte|perez-reverte Ortega"
        " Peña|pena Domínguez|dominguez"
    ),
    "fr-FR": _latin(
        "Lefèvre|lefevre D'Aubigné|daubigne Bézier|bezier Moreau Garçon|garcon Saint-Exupéry|"
        "saint-exupery Dupont Benoît|benoit"
    ),
    "pt-BR": _latin(
        "Gonçalves|goncalves Araújo|araujo Simões|simoes Magalhães|magalhaes Silva Conceição|"
        "conceicao Brandão|brandao"
    ),
    "ja-JP": _latin(
        "佐藤|sato 鈴木|suzuki 高橋|takahashi 渡辺|watanabe 山本|yamamoto 小林|kobayashi"
    ),
    "he-IL": _latin("כהן|cohen לוי|levi מזרחי|mizrahi פרץ|peretz בן־דוד|bendavid"),
    "ar-AE": _latin(
        "الهاشمي|alhashimi المنصوري|almansoori خليل|khalil حدّاد|haddad الزعابي|alzaabi"
    ),
}

# Given names that try to become something else: JSON, a link, a template, a mention, HTML,
# a spreadsheet formula, text that turns the reading direction round.
HOSTILE = (
    '"}],"x":[{',
    "[click](javascript:alert(1))",
    "{{ settings }}",
    "<at>everyone</at>",
    "<script>alert(1)</script>",
    '=HYPERLINK("http://evil.example";"pay")',
    "${7*7} {% raw %}",
    "\u202egnp.exe \\n\\u0000 **bold**",
)
LONG_NAME = (
    "Wilhelmina Maximiliane Theodora Friederike Aurelia Konstanze Philippa Leopoldine",
    "von und zu Hohenstein-Rittersbach-Lauterecken de la Fontaine y Villanueva de los Infantes",
)

DEPARTMENTS: dict[str, tuple[int, tuple[str, ...], tuple[str, ...]]] = {
    "Engineering": (
        34,
        ("Software Engineer", "Test Engineer", "Designer", "Data Engineer", "Site Engineer"),
        ("Platform", "Apps", "Quality", "Data", "Security"),
    ),
    "Sales": (
        20,
        ("Account Manager", "Sales Specialist", "Solution Architect"),
        ("Enterprise", "Retail", "Partners"),
    ),
    "Customer Success": (
        15,
        ("Support Engineer", "Success Manager", "Trainer"),
        ("Support", "Training"),
    ),
    "Marketing": (10, ("Writer", "Campaign Manager", "Analyst"), ("Brand", "Events")),
    "People & Culture": (7, ("HR Partner", "Recruiter", "Learning Lead"), ("Onboarding", "Talent")),
    "Finance": (8, ("Controller", "Accountant", "Buyer"), ("Accounting", "Purchasing")),
    "Operations": (6, ("Facility Manager", "IT Technician", "Planner"), ("Workplace", "IT")),
}
CHANNELS = ("Announcements", "Questions", "Planning", "Social", "Releases", "Watercooler ☕")
