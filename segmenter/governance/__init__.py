"""What an officer must be able to show: access reports, and the file of a breach.

access_report   all that is held of one person (GDPR 15)
exposure        who was in a file that leaked, and what it said of them
breach          the draft of the notice to the authority (GDPR 33)
"""
