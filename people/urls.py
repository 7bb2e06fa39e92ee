from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from people import views
from people.access import public, requires
from people.models import Role

app_name = "people"

urlpatterns = [
    path(
        "login",
        public(LoginView.as_view(template_name="people/login.html", redirect_authenticated_user=True)),
        name="login",
    ),
    path("logout", requires(Role.VIEWER)(LogoutView.as_view()), name="logout"),
    path("join/<str:secret>", views.join, name="join"),
    path("people/pick", views.pick, name="pick"),
    path("account", views.account, name="account"),
    path("account/password", views.password_change, name="password_change"),
    path("account/tokens", views.token_create, name="token_create"),
    path("account/tokens/<int:pk>/revoke", views.token_revoke, name="token_revoke"),
]
