"""People and their posts, for administrators."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from jicha.desk.administration.actions import RIGHT, add_person, end_post, give_post, see_as
from jicha.desk.administration.filters import filtered, managed_people, managed_posts, managed_units
from jicha.desk.administration.forms import PersonForm, PostForm
from jicha.desk.people.rights import rights, roles
from jicha.desk.people.seeing import may_see_as, stop
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.lists import paged

SORTS = {"name": ("name", "id"), "username": ("username",), "last": ("-last_login", "id")}


def people(request: DeskRequest) -> HttpResponseBase:
    """List the accounts."""
    told = {"page": paged(request, filtered(request), SORTS), "q": request.GET.get("q", "").strip()}
    return render(request, "administration/people.html", told)


def add(request: DeskRequest) -> HttpResponseBase:
    """Make an account."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        unit = managed_units(request.standing).order_by("path")[0]
        made = add_person(request.user, unit, told["username"], told["name"], told["password"], told["email"])
        messages.success(request, _("The account is made. It may do nothing until it has a post."))
        return redirect("person", made.pk)
    return render(request, "administration/add.html", {"form": form})


def person(request: DeskRequest, pk: int, form: PostForm | None = None) -> HttpResponseBase:
    """Show one account with its posts, and what each allows."""
    found = managed_people(request.standing).filter(pk=pk).first()
    if found is None:
        raise Http404
    units = managed_units(request.standing)
    today = timezone.localdate()
    told = {
        "person": found, "posts": found.posts.select_related("organisation"), "today": today, "roles": roles().values(), "rights": rights(),
        "form": form or PostForm(units, initial={"valid_from": today}), "may_see_as": may_see_as(request.standing, found),
    }  # fmt: skip
    return render(request, "administration/person.html", told, status=422 if form else 200)


def give(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Give a post."""
    found = managed_people(request.standing).filter(pk=pk).first()
    if found is None:
        raise Http404
    form = PostForm(managed_units(request.standing), request.POST)
    if not form.is_valid():
        return person(request, pk, form)
    told = form.cleaned_data
    give_post(
        request.standing, found, told["organisation"], told["role"], told["valid_from"], told["valid_to"]
    )
    return redirect("person", pk)


def end(request: DeskRequest, pk: int) -> HttpResponseBase:
    """End a post today."""
    post = managed_posts(request.standing).filter(pk=pk).first()
    if post is None:
        raise Http404
    end_post(request.standing, post, timezone.localdate())
    return redirect("person", post.user_id)


def look(request: DeskRequest, pk: int) -> HttpResponseBase:
    """See the desk as a person does."""
    found = managed_people(request.standing).filter(pk=pk, is_active=True).first()
    if found is None:
        raise Http404
    see_as(request, found)
    return redirect("workbench")


def look_no_more(request: DeskRequest) -> HttpResponseBase:
    """See the desk as oneself again."""
    stop(request)
    return redirect("people" if request.standing.may_somewhere(RIGHT) else "workbench")
