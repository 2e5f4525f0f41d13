"""Getting footage in: cards and watched folders, secure, deposit, render."""
