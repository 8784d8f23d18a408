"""What a recorded graph says in words: names, formulas, both passes step by step, and formulas typed in."""
