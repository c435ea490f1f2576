"""What a platform in containers needs of us beside the processes themselves."""
