"""Where ODGM keeps objects: SQLite, each statement a span."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from oaas_dataplane.keys import ObjectKey
from oaas_dataplane.telemetry import instrument

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
  class TEXT NOT NULL, partition TEXT NOT NULL, id TEXT NOT NULL, data BLOB NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY (class, partition, id)
) WITHOUT ROWID
"""
_GET = "SELECT data FROM objects WHERE class = ? AND partition = ? AND id = ?"
_SET = """INSERT INTO objects VALUES (?, ?, ?, ?, 1)
ON CONFLICT DO UPDATE SET data = excluded.data, version = version + 1"""
_DELETE = "DELETE FROM objects WHERE class = ? AND partition = ? AND id = ?"


class Store:
    """Objects by class, partition and id. What `set` has returned from survives the process."""

    def __init__(self, path: str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # Zenoh has a thread for queries and one for samples; the lock makes them take turns.
        self._lock = threading.Lock()
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(_SCHEMA)
        self._connection = instrument.database(connection)

    def get(self, key: ObjectKey) -> bytes | None:
        with self._lock:
            cursor = self._connection.cursor()
            cursor.execute(_GET, key)
            row = cursor.fetchone()
        return None if row is None else bytes(row[0])

    def set(self, key: ObjectKey, data: bytes) -> None:
        with self._lock:
            self._connection.cursor().execute(_SET, (*key, data))

    def delete(self, key: ObjectKey) -> None:
        with self._lock:
            self._connection.cursor().execute(_DELETE, key)

    def close(self) -> None:
        with self._lock:
            self._connection.close()
