"""Training sets in the forms that other libraries take, one file each."""
