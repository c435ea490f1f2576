"""Operations: keeps what the services laid aside for people to look at, brings it back, and remembers who did what."""
