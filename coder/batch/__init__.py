"""Files in, files out: readers, resumable batches, workers, writers, the run manifest."""

from coder.batch.blocks import Block, ReadOptions, Source
from coder.batch.manifest import Summary
from coder.batch.opening import open_source
from coder.batch.run import Job, code_files

__all__ = ["Block", "Job", "ReadOptions", "Source", "Summary", "code_files", "open_source"]
