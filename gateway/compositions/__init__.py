"""Pages made of several services' answers, one module each: what a page needs, and what it can do without."""
