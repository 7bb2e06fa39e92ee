"""Pages on which curators look after names: riders here, tricks by the same views."""
