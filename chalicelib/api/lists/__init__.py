"""Lists that hang on several kinds of resources, with the filters their queries may carry."""
