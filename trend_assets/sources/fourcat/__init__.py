"""4CAT and Zeeschuimer: research tools whose files hold posts of many platforms."""
