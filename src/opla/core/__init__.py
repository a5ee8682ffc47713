"""The rules of the business, pure: no framework, no database, no clock, no network.

Everything here takes time and randomness as arguments and answers with values. A refusal is a
value (`refusal.Refusal`); an exception is a bug or a contradiction with the outside world.
"""
