"""Immutable records that all other packages exchange, their protocols, and shared helpers."""

from labeling.records.addresses import is_loopback
from labeling.records.annotations import (
    BATCH_COLUMNS,
    Annotation,
    Batch,
    LabelSource,
    Problem,
    Stratum,
    last_annotations,
    live_annotations,
)
from labeling.records.any_kind import AnySoft, AnyVotes
from labeling.records.atomic_files import (
    atomic_write,
    is_unfinished,
    unfinished_path,
    unfinished_suffix,
)
from labeling.records.canonical_order import label_order, label_ranks
from labeling.records.clean_text import (
    ReplacedText,
    clean_text,
    refuse_unsafe,
    replaced_sentence,
    unsafe_characters,
    with_clean_texts,
)
from labeling.records.column_rules import (
    ColumnRule,
    Combination,
    KnownKeys,
    LookupRule,
    Negation,
    OtherCondition,
    PatternCondition,
    RowCondition,
    SearchRule,
    ValueCondition,
    ValueTable,
    WordCondition,
)
from labeling.records.cut_statistic import (
    Select,
    checked_select,
    cut_statistic,
    least_cut,
)
from labeling.records.decisions import best_codes, shared_wins
from labeling.records.error_location import add_location_note, location_of, location_of_function
from labeling.records.event_fold import SampleHistory, States, fold
from labeling.records.events import Event, EventKind, NewEvent, event_digest, event_row
from labeling.records.frames import is_text, text_column
from labeling.records.gold import ClassBalance, Gold, class_balance_array, gold_codes, gold_series
from labeling.records.identity import first_spellings, person_key
from labeling.records.isolation import IMMUTABLE, isolated
from labeling.records.label_parts import (
    LabelPart,
    answer_parts,
    join_answers,
    span_places,
    votes_for,
)
from labeling.records.label_reading import is_label_of, read_label
from labeling.records.label_texts import (
    decode_answer,
    encode_answer,
    label_in_words,
    name_of,
    spans_in_words,
)
from labeling.records.labeling_function import (
    VOTING_SCHEMA,
    LabelingFunction,
    dumps_functions,
    is_yes_or_no,
    loads_functions,
    vote_code,
)
from labeling.records.long_votes import CastVotes
from labeling.records.masking import masked
from labeling.records.missing_texts import (
    MISSING_TEXT,
    MissingText,
    checked_missing_text,
    missing_texts_sentence,
    with_texts,
)
from labeling.records.one_label import one_label_only, one_label_schema
from labeling.records.outbox import (
    BatchState,
    EphemeralOutbox,
    Message,
    MessageKind,
    MessageState,
    NewMessage,
    Outbox,
    SampleState,
    message_key,
    waiting_on,
)
from labeling.records.pairwise_counts import (
    LEAST_JACCARD,
    LEAST_OVERLAP,
    co_occurrence,
    near_copies,
    weighted_co_occurrence,
)
from labeling.records.people_votes import annotation_votes, single_label_votes
from labeling.records.placed_spans import placed
from labeling.records.platforms import Aggregator, AnnotationPlatform, Fetched
from labeling.records.printing import fitted_repr
from labeling.records.private_files import make_private, private_file, private_folder
from labeling.records.recorded_calls import RecordedCall
from labeling.records.rejections import rejected_annotations, rejection_of
from labeling.records.reserved_columns import PREFIX, free_name, free_names, renamed_sentence
from labeling.records.reviews import (
    counting_reviews,
    reviewed_label,
    reviews_that_count,
    undecided_samples,
)
from labeling.records.sample_rows import FrozenRow, PreprocessedRow, missing_column
from labeling.records.samples import (
    Table,
    checked_ids,
    positions,
    random_order,
    require_column,
    texts,
    uniform_by_id,
    with_id_index,
)
from labeling.records.schema import ABSTAIN, NOTHING, LabelKind, LabelSchema
from labeling.records.set_constraints import Implies, SetConstraints
from labeling.records.set_gold import GoldSets, gold_set_codes, gold_sets
from labeling.records.set_votes import YES_OR_NO, Answers, SetVotes
from labeling.records.soft_labels import SoftLabels
from labeling.records.soft_sets import SoftSets
from labeling.records.soft_spans import SoftSpans
from labeling.records.softmax_regression import (
    Ridges,
    StackedRows,
    StackParameters,
    fit_softmax_regression,
)
from labeling.records.source_annotations import SourceAnnotation, SourceAnnotations, SourceSpan
from labeling.records.span_function import SpanLabelingFunction, collected
from labeling.records.span_gold import GoldSpans, gold_spans, unit_gold_codes
from labeling.records.span_marks import Marks
from labeling.records.span_units import SpanUnits, UnitVotes, span_units, unit_schema
from labeling.records.span_votes import SpanVotes
from labeling.records.spans import (
    Label,
    Span,
    checked_label,
    checked_offsets,
    checked_set,
    checked_spans,
    decode_label,
    encode_label,
    label_codes,
)
from labeling.records.spreadsheet_safety import is_formula
from labeling.records.text_points import text_points
from labeling.records.validation import (
    checked_fraction,
    checked_votes_per_sample,
    expect,
    generator_of,
    is_number,
    is_whole_number,
    whole_number,
)
from labeling.records.verdicts import (
    SETTLED_IN_WORDS,
    AskAgain,
    Escalation,
    GoldLabel,
    Verdict,
    escalated_in_words,
    votes_in_words,
)
from labeling.records.vote_checks import CheckAnswer, CheckRequest, VoteDecision
from labeling.records.vote_parts import VoteParts
from labeling.records.voter_families import Family, VoterFamilies, find_families
from labeling.records.votes import Fault, Votes

__all__ = [
    "ABSTAIN",
    "BATCH_COLUMNS",
    "IMMUTABLE",
    "LEAST_JACCARD",
    "LEAST_OVERLAP",
    "MISSING_TEXT",
    "NOTHING",
    "PREFIX",
    "SETTLED_IN_WORDS",
    "VOTING_SCHEMA",
    "YES_OR_NO",
    "Aggregator",
    "Annotation",
    "AnnotationPlatform",
    "Answers",
    "AnySoft",
    "AnyVotes",
    "AskAgain",
    "Batch",
    "BatchState",
    "CastVotes",
    "CheckAnswer",
    "CheckRequest",
    "ClassBalance",
    "ColumnRule",
    "Combination",
    "EphemeralOutbox",
    "Escalation",
    "Event",
    "EventKind",
    "Family",
    "Fault",
    "Fetched",
    "FrozenRow",
    "Gold",
    "GoldLabel",
    "GoldSets",
    "GoldSpans",
    "Implies",
    "KnownKeys",
    "Label",
    "LabelKind",
    "LabelPart",
    "LabelSchema",
    "LabelSource",
    "LabelingFunction",
    "LookupRule",
    "Marks",
    "Message",
    "MessageKind",
    "MessageState",
    "MissingText",
    "Negation",
    "NewEvent",
    "NewMessage",
    "OtherCondition",
    "Outbox",
    "PatternCondition",
    "PreprocessedRow",
    "Problem",
    "RecordedCall",
    "ReplacedText",
    "Ridges",
    "RowCondition",
    "SampleHistory",
    "SampleState",
    "SearchRule",
    "Select",
    "SetConstraints",
    "SetVotes",
    "SoftLabels",
    "SoftSets",
    "SoftSpans",
    "SourceAnnotation",
    "SourceAnnotations",
    "SourceSpan",
    "Span",
    "SpanLabelingFunction",
    "SpanUnits",
    "SpanVotes",
    "StackParameters",
    "StackedRows",
    "States",
    "Stratum",
    "Table",
    "UnitVotes",
    "ValueCondition",
    "ValueTable",
    "Verdict",
    "VoteDecision",
    "VoteParts",
    "VoterFamilies",
    "Votes",
    "WordCondition",
    "add_location_note",
    "annotation_votes",
    "answer_parts",
    "atomic_write",
    "best_codes",
    "checked_fraction",
    "checked_ids",
    "checked_label",
    "checked_missing_text",
    "checked_offsets",
    "checked_select",
    "checked_set",
    "checked_spans",
    "checked_votes_per_sample",
    "class_balance_array",
    "clean_text",
    "co_occurrence",
    "collected",
    "counting_reviews",
    "cut_statistic",
    "decode_answer",
    "decode_label",
    "dumps_functions",
    "encode_answer",
    "encode_label",
    "escalated_in_words",
    "event_digest",
    "event_row",
    "expect",
    "find_families",
    "first_spellings",
    "fit_softmax_regression",
    "fitted_repr",
    "fold",
    "free_name",
    "free_names",
    "generator_of",
    "gold_codes",
    "gold_series",
    "gold_set_codes",
    "gold_sets",
    "gold_spans",
    "is_formula",
    "is_label_of",
    "is_loopback",
    "is_number",
    "is_text",
    "is_unfinished",
    "is_whole_number",
    "is_yes_or_no",
    "isolated",
    "join_answers",
    "label_codes",
    "label_in_words",
    "label_order",
    "label_ranks",
    "last_annotations",
    "least_cut",
    "live_annotations",
    "loads_functions",
    "location_of",
    "location_of_function",
    "make_private",
    "masked",
    "message_key",
    "missing_column",
    "missing_texts_sentence",
    "name_of",
    "near_copies",
    "one_label_only",
    "one_label_schema",
    "person_key",
    "placed",
    "positions",
    "private_file",
    "private_folder",
    "random_order",
    "read_label",
    "refuse_unsafe",
    "rejected_annotations",
    "rejection_of",
    "renamed_sentence",
    "replaced_sentence",
    "require_column",
    "reviewed_label",
    "reviews_that_count",
    "shared_wins",
    "single_label_votes",
    "span_places",
    "span_units",
    "spans_in_words",
    "text_column",
    "text_points",
    "texts",
    "undecided_samples",
    "unfinished_path",
    "unfinished_suffix",
    "uniform_by_id",
    "unit_gold_codes",
    "unit_schema",
    "unsafe_characters",
    "vote_code",
    "votes_for",
    "votes_in_words",
    "waiting_on",
    "weighted_co_occurrence",
    "whole_number",
    "with_clean_texts",
    "with_id_index",
    "with_texts",
]
