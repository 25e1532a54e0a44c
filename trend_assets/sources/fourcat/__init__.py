"""4CAT and Zeeschuimer: tools of researchers, whose files hold posts of many platforms."""
