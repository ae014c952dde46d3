"""Parts of the span tagger: words and their features, the conditional random field."""
