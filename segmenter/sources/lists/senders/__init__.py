"""Every layout that is read, in one place: the tables, and the JSON bodies."""

from __future__ import annotations

from segmenter.sources.lists.layout import Body, Table
from segmenter.sources.lists.senders import (
    brevo,
    hubspot,
    keila,
    listmonk,
    mailchimp,
    mailersend,
    mailgun,
    mailjet,
    mailtrap,
    mandrill,
    postal,
    postmark,
    resend,
    sendgrid,
    ses,
    sparkpost,
)

TABLES: tuple[Table, ...] = (
    *brevo.TABLES,
    *hubspot.TABLES,
    *keila.TABLES,
    *listmonk.TABLES,
    *mailchimp.TABLES,
    *mailgun.TABLES,
    *mailjet.TABLES,
    *postmark.TABLES,
    *sendgrid.TABLES,
    *ses.TABLES,
    *sparkpost.TABLES,
)
BODIES: tuple[Body, ...] = (
    *brevo.BODIES,
    *mailchimp.BODIES,
    *mailersend.BODIES,
    *mailgun.BODIES,
    *mailjet.BODIES,
    *mailtrap.BODIES,
    *mandrill.BODIES,
    *postal.BODIES,
    *postmark.BODIES,
    *resend.BODIES,
    *sendgrid.BODIES,
    *ses.BODIES,
    *sparkpost.BODIES,
)
