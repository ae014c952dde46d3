"""4,079 descriptions of scientific databases and standards, each with the subjects it belongs to.

They are the records of FAIRsharing (fairsharing.org; licence CC BY-SA 4.0) as the Python package
bioregistry ships them: curators gave each record keywords, which are gathered here in 16 subjects.
A record may have several subjects, or none of them.
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd

from labeling.demo.fetching import PackageFile, fetched_file
from labeling.functions import regex
from labeling.records import LabelingFunction, LabelSchema

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

PATTERNS = {
    "astronomy and physics": (
        r"astronom\w+|astrophysic\w+|telescopes?|galax\w+",
        r"physics|particles?|nuclear|quantum|cern",
        r"space (science|mission|agency)|planet\w*|solar|stellar|stars?",
    ),
    "biodiversity": (
        r"biodiversity|species|taxonom\w+",
        r"ecolog\w+|ecosystems?|habitats?",
        r"specimens?|museum|herbari\w+|fauna|flora",
    ),
    "brain": (
        r"brains?|neuro\w+|cognit\w+",
        r"neurons?|cort(ex|ical)|synap\w+",
        r"f?mri|eeg|magnetic resonance",
    ),
    "chemistry": (
        r"chemicals?|chemistry|compounds?",
        r"metabol\w+|small molecules?|ligands?",
        r"crystal\w*|materials|spectra|spectroscopy",
    ),
    "climate": (
        r"climat\w+|global warming",
        r"atmospher\w+|weather|meteorolog\w+",
        r"temperature|precipitation|greenhouse|carbon dioxide",
    ),
    "earth": (
        r"earth sciences?|geoscien\w+|geolog\w+|geophysic\w+|geochem\w+",
        r"seism\w+|earthquakes?|volcan\w+|rocks?|minerals?",
        r"soils?|glaci\w+|polar|antarctic\w*|arctic",
    ),
    "epidemiology": (
        r"epidemi\w+|public health|surveillance",
        r"covid-?19|sars-cov-2|coronavirus|pandemic",
        r"virus(es)?|viral|infectious|pathogens?",
    ),
    "gene expression": (
        r"(gene )?expression|transcriptom\w+",
        r"rna|mrna|mirnas?|microarrays?",
        r"transcripts?|transcription",
    ),
    "genomics": (
        r"genomes?|genomic",
        r"dna|sequencing|sequences? reads",
        r"variants?|polymorphisms?|snps?|mutations?|genotypes?",
        r"chromosom\w+|epigen\w+",
    ),
    "humanities": (
        r"humanities|histor(y|ical|ians?)|cultur\w+",
        r"languages?|linguist\w+|corpora|corpus",
        r"archaeolog\w+|art|arts|archives?|manuscripts?|heritage",
    ),
    "maps": (
        r"geospatial|spatial data|gis|maps?|mapping",
        r"satellites?|remote sensing|earth observation",
        r"geograph\w+|topograph\w+|land cover|land use",
    ),
    "medicine": (
        r"diseases?|disorders?|patients?",
        r"clinical|medical|medicine|health ?care|hospital",
        r"cancers?|tumou?rs?|oncolog\w+",
        r"drugs?|pharma\w+|therap\w+",
    ),
    "oceans and water": (
        r"ocean\w*|marine|sea|seafloor|coastal",
        r"water|river|lakes?|hydrolog\w+|groundwater",
        r"fish|fisher\w+|coral|plankton",
    ),
    "plants and food": (
        r"plants?|crops?|arabidopsis|rice|maize|wheat",
        r"agricultur\w+|farm\w*|livestock|breeding",
        r"food|nutrition\w*|diet\w*",
    ),
    "proteins": (
        r"proteins?|proteom\w+",
        r"peptides?|enzymes?|antibod\w+",
        r"mass spectrometry|protein data bank|pdb",
    ),
    "society": (
        r"social( sciences?)?|socio\w+|surveys?",
        r"econom\w+|financ\w+|trade|statistics office|census|population data",
        r"politic\w+|polic(y|ies)|education\w*|psycholog\w+",
    ),
}
"""Words of each subject that its labeling functions look for: whole words, in any case."""

SCHEMA = LabelSchema(tuple(KEYWORDS), kind="several")


def functions() -> list[LabelingFunction]:
    """Return the 50 labeling functions: each says yes to one subject by a few words."""
    return [
        regex(f"{subject} {number}", rf"\b(?:{words})\b", label=subject, flags=re.IGNORECASE)
        for subject, patterns in PATTERNS.items()
        for number, words in enumerate(patterns, start=1)
    ]


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
