"""Where things lie beside the code. Knows no process and no setting."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
TOOLS = ROOT / ".tools"  # what is fetched once: jars, a Java if the machine has none, the MongoDB server
