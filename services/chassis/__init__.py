"""What every process gets: the application, its edges, its database, its bus. Not one business word in it."""
