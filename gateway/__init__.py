"""All that clients reach: composes the services behind it into pages, and owns no business data."""
