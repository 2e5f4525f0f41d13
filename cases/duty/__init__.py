"""
Who has which camera: issued, returned, handed over; by what an officer is known at the dock; fit for duty or not.

Holding is no state of the life cycle: a camera is known from its first docking on, and may be docked, listed and read whoever
has it. It is a projection (`tables`) whose rows are intervals; the unique index over the open ones keeps two hosts from
giving out one camera. Docking does not change the holder: a camera that belongs to one officer stays his while it is read.

Every interval has two beginnings where a person claims that it began before it was recorded; `carrying` answers with both and
says on which of them it relied. Where it cannot know, it says why, and never guesses.
"""
