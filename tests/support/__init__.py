"""What tests share: servers, a browser, processes that are killed, votes whose truth is known."""
