"""Enrichment of events: topics, embeddings, spam score, Gen Z score, activity."""
