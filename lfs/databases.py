"""What words say about the subjects of a scientific database: 50 labeling functions.

Each says yes to one subject where the description has one of its words, and says nothing elsewhere.
A description may have several subjects, or none.
"""

import re

from labeling.functions import regex

WORDS = {
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

# Whole words, in any case.
FUNCTIONS = [
    regex(f"{subject} {number}", rf"\b(?:{words})\b", label=subject, flags=re.IGNORECASE)
    for subject, patterns in WORDS.items()
    for number, words in enumerate(patterns, start=1)
]
