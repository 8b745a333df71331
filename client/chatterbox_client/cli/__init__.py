"""The commands `say` and `chatterbox`. Each is imported only when it runs."""


def say() -> None:
    """Run `say`."""
    from chatterbox_client.cli.say import main

    main()


def chatterbox() -> None:
    """Run `chatterbox`."""
    from chatterbox_client.cli.control import main

    main()
