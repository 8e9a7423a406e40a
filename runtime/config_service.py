"""Where the documents of apps and clients are kept, by the settings."""

from __future__ import annotations

from pathlib import Path

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents
from runtime.settings import Settings
from runtime.state.redis_store import Store


def documents_at(settings: Settings, store: Store) -> Documents:
    """Return the config service at CONFIG_URL: a bucket, or a folder."""
    envelope = Envelope(settings.master_keys)
    if settings.config_url.startswith("s3://"):
        from runtime.documents.bucket import BucketStore
        from runtime.documents.redis_copies import DocumentCopies

        bucket = BucketStore(
            settings.config_url,
            endpoint=settings.s3_endpoint_url,
            create_only=settings.s3_create_only,
        )
        return Documents(bucket, envelope, copies=DocumentCopies(store))
    from runtime.documents.folder import FolderStore

    # A folder is as near as Redis, and who writes into it may not reach Redis.
    folder = FolderStore(Path(settings.config_url.removeprefix("file:")))
    return Documents(folder, envelope)
