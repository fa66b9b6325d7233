"""Case bundles (案卷包): one file with everything of a case, which an outsider can check without jicha."""
