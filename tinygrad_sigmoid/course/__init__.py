"""The story of chapter 1, runnable: its claims, handwritten digits, their repair, and the famous wrong algorithms."""
