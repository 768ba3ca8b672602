"""Errors that say what was wrong, what was got, what is allowed and what to type instead."""


class ScatterError(Exception):
    """Root of every error that scatter raises on purpose."""


class InputError(ScatterError, ValueError):
    """An argument or an array is outside of what a transform accepts."""


class NotNumbersError(InputError, TypeError):
    """Objects that are not numbers stand where numbers are needed."""


class FileError(ScatterError, OSError):
    """A file can't be read, decoded or written."""


class CodecError(ScatterError, ValueError):
    """Compressed data are damaged, cut off, or not what this version can decode."""


class MissingExtraError(ScatterError, ImportError):
    """An optional dependency is not installed; the message names the extra to install."""


class ScatterWarning(UserWarning):
    """Something legal that is probably not what was meant."""


def missing_extra(package: str, extra: str, purpose: str) -> MissingExtraError:
    """Build the error for an optional dependency that could not be imported.

    Parameters
    ----------
    package : str
        The package that could not be imported.
    extra : str
        The extra of ``scatter-wavelets`` that brings it.
    purpose : str
        What needs it, as the subject of a sentence.

    Returns
    -------
    MissingExtraError
        The error, to be raised by the caller.
    """
    return MissingExtraError(
        f"{purpose} needs {package}, which is not installed; type: pip install 'scatter-wavelets[{extra}]'"
    )
