"""Where a state is kept: in a folder, on a git branch, or as objects in a bucket.

folder, folder_writer, folder_lock   files beside the manifest; `places` says where they may be
git_branch, branch, git              files on a branch of their own, replaced together
object_store, cas_object, objects    objects in a bucket, which `clouds` finds; the only importer of obstore
folder_commits                       what git's history knows of a document in a folder

What all of them share is in `reconciler.state`.
"""
