"""Setting tdsec up in a repository: templates, vault remote, hooks; doing it twice changes nothing."""
