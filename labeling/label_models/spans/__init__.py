"""Parts of the model of spans: candidates, scores, decoding, gold."""
