"""The places that hold files by their stored path, the data folder or a bucket. Know no rows; see clips/storage.py."""
