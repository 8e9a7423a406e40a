"""A client of Redis that counts its round trips; a pipeline is one."""

from __future__ import annotations

from redis import Redis


class CountedRedis(Redis):
    """The real client; `trips` counts since it was made."""

    trips = 0

    def execute_command(self, *arguments, **options):
        """Send one command."""
        self.trips += 1
        return super().execute_command(*arguments, **options)

    def pipeline(self, *arguments, **options):
        """Begin a pipeline, which is sent once."""
        self.trips += 1
        return super().pipeline(*arguments, **options)
