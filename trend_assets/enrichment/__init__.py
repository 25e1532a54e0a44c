"""What an event means: topics, embeddings, spam weight, Gen Z score, activity."""
