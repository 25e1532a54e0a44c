"""Values as the platforms write them, read leniently: JSON, times, markup, tags."""
