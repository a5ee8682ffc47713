"""Real processes, real sockets: `kill -9` under load, and a network that drops and delays. Then the judge.

`network` is what lies between the processes, `household` the processes and how they die, `street` the customers,
`evidence` what both sides say afterwards, `judge` what that proves, `course` the order of it all.
"""
