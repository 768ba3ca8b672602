"""What several test modules need."""


def one_line(info):
    """The message of a raised error, which must be a single line."""
    message = str(info.value)
    assert "\n" not in message
    return message
