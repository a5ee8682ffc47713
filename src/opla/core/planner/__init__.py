"""The cheapest purchases that cover a need: for one line of one operator, exactly, or said to be less."""
