"""Every rule, by subject: the one place for codes, severities, meanings and what to do."""
