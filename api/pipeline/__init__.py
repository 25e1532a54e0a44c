"""The Dagster webserver: a GraphQL client, and links into its UI."""
