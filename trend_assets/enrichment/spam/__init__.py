"""How much an event looks like spam: a trained model of texts, and the signals of the account."""
