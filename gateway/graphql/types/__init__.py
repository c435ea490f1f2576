"""What the schema shows, by what it is about. Nothing leads back to where it came from: no answer grows by itself."""
